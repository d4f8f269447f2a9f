for (const player of document.querySelectorAll(".player")) {
  const steps = JSON.parse(player.dataset.steps);
  const films = [...player.querySelectorAll("figure")].map((figure) => ({
    columns: +figure.dataset.columns,
    rows: +figure.dataset.rows,
    notes: JSON.parse(figure.dataset.notes),
    image: figure.querySelector("img"),
    output: figure.querySelector("output"),
  }));
  const [button, slider, shown] = player.querySelector(".controls").children;
  let timer = 0;

  const show = (frame) => {
    slider.value = frame;
    shown.textContent = `step ${steps[frame].toLocaleString("en")}`;
    slider.setAttribute("aria-valuetext", shown.textContent);
    for (const { columns, rows, notes, image, output } of films) {
      const x = (100 * (frame % columns)) / columns, y = (100 * Math.floor(frame / columns)) / rows;
      image.style.transform = `translate(-${x}%, -${y}%)`;
      output.textContent = notes[frame];
    }
  };
  const pause = () => {
    timer = clearInterval(timer) || 0;
    button.textContent = "Play";
    button.setAttribute("aria-pressed", "false");
  };
  const play = () => {
    if (+slider.value === steps.length - 1) show(0);
    timer = setInterval(() => (+slider.value < steps.length - 1 ? show(+slider.value + 1) : pause()), 200);
    button.textContent = "Pause";
    button.setAttribute("aria-pressed", "true");
  };
  button.addEventListener("click", () => (timer ? pause() : play()));
  slider.addEventListener("input", () => { pause(); show(+slider.value); });
}

for (const command of document.querySelectorAll(".command")) {
  const button = command.querySelector("button"), code = command.querySelector("code");
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(code);
    try { await navigator.clipboard.writeText(code.textContent); button.textContent = "Copied"; }
    catch { button.textContent = "Selected"; }
  });
}
