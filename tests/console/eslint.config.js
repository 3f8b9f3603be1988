"use strict";

// What the Content-Security-Policy of the console forbids, and what would keep a token or put text into the page as
// markup. Types and undefined names are the job of `make types`.

const MARKUP = "Text becomes markup only through htm templates, which escape it.";
const STORAGE = "Nothing may outlast the session. Use sessionStorage.";
const STRINGS_AS_CODE = "The Content-Security-Policy forbids code in strings.";
const STYLE = "The Content-Security-Policy forbids inline styles. Use a class, or set a property of element.style.";

const markupProperties = ["innerHTML", "outerHTML", "insertAdjacentHTML", "dangerouslySetInnerHTML", "srcdoc"];

// eslint finds code in strings only in functions that it knows.
const globals = { window: "readonly", setTimeout: "readonly", setInterval: "readonly" };

module.exports = [
  { ignores: ["console/vendor/**"] },
  {
    files: ["console/**/*.js"],
    languageOptions: { ecmaVersion: 2023, sourceType: "module", globals },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "no-console": "error",
      "no-debugger": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-script-url": "error",
      "no-unused-vars": "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-restricted-globals": [
        "error",
        { name: "localStorage", message: STORAGE },
        { name: "indexedDB", message: STORAGE },
        { name: "caches", message: STORAGE },
        { name: "eval", message: STRINGS_AS_CODE },
      ],
      "no-restricted-properties": [
        "error",
        ...["window", "globalThis", "self"].flatMap((object) => [
          { object, property: "localStorage", message: STORAGE },
          { object, property: "indexedDB", message: STORAGE },
          { object, property: "eval", message: STRINGS_AS_CODE },
        ]),
        { object: "document", property: "write", message: MARKUP },
        { object: "document", property: "cookie", message: STORAGE },
        ...markupProperties.map((property) => ({ property, message: MARKUP })),
      ],
      "no-restricted-syntax": [
        "error",
        ...markupProperties.flatMap((name) => [
          { selector: `Property[key.name="${name}"]`, message: MARKUP },
          { selector: `Property[key.value="${name}"]`, message: MARKUP },
          { selector: `TemplateElement[value.raw=/\\b${name}\\b/]`, message: MARKUP },
        ]),
        { selector: "TemplateElement[value.raw=/\\sstyle\\s*=/]", message: STYLE },
        { selector: 'Property[key.name="style"]', message: STYLE },
        { selector: 'CallExpression[callee.property.name="setAttribute"][arguments.0.value=/^(style|on.*)$/]', message: STYLE },
      ],
    },
  },
];
