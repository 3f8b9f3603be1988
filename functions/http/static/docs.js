// Starts Swagger UI on the page that functions/http/docs_page.py makes. The Content-Security-Policy of the page forbids
// inline scripts, so this is a file.

const darkMode = window.matchMedia("(prefers-color-scheme: dark)");

function applyColorScheme() {
  document.documentElement.classList.toggle("dark-mode", darkMode.matches);
}

applyColorScheme();
darkMode.addEventListener("change", applyColorScheme);

// Without the token in the command with curl that is shown after a call: other users of a machine can see its arguments,
// and people send such commands to each other. curl reads the header from standard input.
function hideToken(request) {
  if (!request.hasIn(["headers", "Authorization"])) return request;
  return request
    .deleteIn(["headers", "Authorization"])
    .update("curlOptions", (options) => options.push("--header", "@-"));
}

const tokenHider = ({ React }) => ({
  wrapComponents: {
    curl: (Original) => (props) => React.createElement(Original, { ...props, request: hideToken(props.request) }),
  },
});

SwaggerUIBundle({
  plugins: [tokenHider],
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  filter: true,
  // Tokens are kept in memory only. Reloading the page removes them.
  persistAuthorization: false,
  // No address may be sent to the public validator of swagger.io.
  validatorUrl: null,
});
