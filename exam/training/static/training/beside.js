// The slide beside a film: the last one whose time has come, fetched when it is.

export function besides(video) {
  const box = document.querySelector("[data-beside]");
  if (!box) return;
  const slides = [...box.querySelectorAll("[data-at]")];
  const turn = () => {
    const now = slides.findLast((slide) => Number(slide.dataset.at) <= video.currentTime * 1000);
    for (const slide of slides) slide.hidden = slide !== now;
    if (now && !now.src) now.src = now.dataset.src;
  };
  for (const slide of slides) slide.addEventListener("error", () => slide.removeAttribute("src"));
  for (const name of ["timeupdate", "seeked"]) video.addEventListener(name, turn);
  turn();
}
