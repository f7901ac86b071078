// On a narrow screen the rooms run off to the right: the open one is brought into sight.
document.querySelector(".rooms [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
