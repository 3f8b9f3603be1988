// @ts-check

/** What was read cannot be used. The message says why, for the person who chose it. */
export class InputRejected extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = "InputRejected";
  }
}
