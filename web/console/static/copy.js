// Copies a field's text; where the clipboard is out of reach, the text is selected for the person to copy.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(field.value);
      said.textContent = "Copied";
    } catch {
      field.focus();
      field.select();
      said.textContent = "Selected: copy it with your keyboard";
    }
  });
}
