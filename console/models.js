// @ts-check
// The models of the API that several modules name. The API's documentation describes each field.

/** @typedef {Record<"requested" | "enhanced" | "failed" | "missing" | "cancelled" | "skipped" | "pending", number>} ReferenceCounts */

/**
 * @typedef {object} BatchSummary
 * @property {string} id
 * @property {string} robot_id
 * @property {string | null} source
 * @property {string} request_status
 * @property {string | null} error
 * @property {string | null} error_code
 * @property {ReferenceCounts | null} counts
 * @property {number} references
 * @property {string} created_at
 * @property {string | null} ended_at
 * @property {string | null} retried_as
 * @property {Record<string, string> | null} metadata
 */

/**
 * @typedef {object} Batch
 * @property {string} id
 * @property {string} robot_id
 * @property {string | null} source
 * @property {string} request_status
 * @property {string | null} error
 * @property {string | null} error_code
 * @property {ReferenceCounts | null} counts
 * @property {Record<string, number> | null} entries
 * @property {boolean} test_run
 * @property {string | null} created_at
 * @property {string | null} accepted_at
 * @property {string | null} delivered_at
 * @property {string | null} ended_at
 * @property {string | null} cancelled_at
 * @property {string | null} expires_at
 * @property {string | null} waiting_for
 * @property {string | null} retry_of
 * @property {string | null} retried_as
 * @property {Record<string, string> | null} metadata
 * @property {{made: number, open: number, left: number} | null} parts
 * @property {string | null} part_of
 * @property {string | null} validation_result_file
 * @property {string | null} validation_result_url
 * @property {string | null} enhancements_url
 * @property {string | null} [trace_id]
 */

/**
 * @typedef {object} Part
 * @property {string} id
 * @property {number} number
 * @property {number} references
 * @property {string} request_status
 * @property {ReferenceCounts | null} counts
 * @property {string | null} error
 * @property {boolean} returned
 * @property {string | null} leased_until
 * @property {string} created_at
 * @property {string | null} accepted_at
 * @property {string | null} delivered_at
 * @property {string | null} ended_at
 */

/** @typedef {{line: number | null, reference_id: string | null, kind: string, message: string}} Entry */

/**
 * @typedef {object} Enhancement
 * @property {string} source
 * @property {string} visibility
 * @property {string | null} robot_version
 * @property {any} content
 * @property {string | null} [created_at]
 * @property {string | null} [batch_request_id]
 * @property {string | null} [robot_id]
 */

/**
 * @typedef {object} Reference
 * @property {string} id
 * @property {string} visibility
 * @property {{identifier: string | number, identifier_type: string, other_identifier_name?: string | null}[] | null} identifiers
 * @property {Enhancement[] | null} enhancements
 * @property {string | null} [enhancements_continuation]
 */

export {};
