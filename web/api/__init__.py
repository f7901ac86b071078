"""The REST API below ``/api/v1``, its OpenAPI document and the page that shows it."""
