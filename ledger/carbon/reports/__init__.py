"""The accounts for those who ask: the CBAM report as data and as a spreadsheet, the PACT document, the claims board."""
