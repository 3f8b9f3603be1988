"use strict";

// What a client asks first: where the account's data is.

const { replaceHandler } = require("./library");

/** Names the address by which it was asked: clients go on there, and there may be a proxy on the way. */
function read(account, req) {
  const here = [{ name: "Local", databaseAccountEndpoint: `https://${req.headers.host}/` }];
  return { ...account.read(), writableLocations: here, readableLocations: here };
}

function install() {
  replaceHandler("read-meta", read);
}

module.exports = { install };
