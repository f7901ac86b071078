// Copies a text; where the clipboard is out of reach, it is selected for the person to copy.
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[data-copied]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(source.value ?? source.textContent);
      said.textContent = "Copied";
    } catch {
      source.focus();
      if (source.select) source.select();
      else getSelection().selectAllChildren(source);
      said.textContent = "Selected: copy it with your keyboard";
    }
  });
}
