// Starts Swagger UI on the page that functions/http/docs_page.py makes. The Content-Security-Policy of the page forbids
// inline scripts, so this is a file.

const darkMode = window.matchMedia("(prefers-color-scheme: dark)");

function applyColorScheme() {
  document.documentElement.classList.toggle("dark-mode", darkMode.matches);
}

applyColorScheme();
darkMode.addEventListener("change", applyColorScheme);

SwaggerUIBundle({
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
