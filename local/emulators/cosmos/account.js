"use strict";

// The account's metadata, which a client reads first: the addresses of the data.

const { replaceHandler } = require("./server_internals");

/** Returns the address that the client used. There may be a proxy in between, and clients must continue to use it. */
function read(account, req) {
  const here = [{ name: "Local", databaseAccountEndpoint: `https://${req.headers.host}/` }];
  return { ...account.read(), writableLocations: here, readableLocations: here };
}

function install() {
  replaceHandler("read-meta", read);
}

module.exports = { install };
