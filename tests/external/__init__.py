"""The function app in `func`, on Microsoft's own emulators: what `.github/workflows/nightly.yml` tests."""
