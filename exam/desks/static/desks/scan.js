// Reads the ticket's QR code with the camera where the browser can; elsewhere the text is pasted and nothing is missing.
const PAUSE_MS = 250;
const box = document.querySelector("[data-scan]");

function scanner() {
  const field = document.getElementById(box.dataset.scan);
  const view = box.querySelector("[data-scan-view]");
  const start = box.querySelector("[data-scan-start]");
  const stop = box.querySelector("[data-scan-stop]");
  const word = box.querySelector("[data-scan-word]");
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  let stream = null;

  const show = (on) => {
    view.hidden = stop.hidden = !on;
    start.hidden = on;
  };
  const end = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    show(false);
  };
  const look = async () => {
    if (!stream) return;
    const found = await detector.detect(view).catch(() => []);
    if (!found.length) {
      setTimeout(look, PAUSE_MS);
      return;
    }
    field.value = found[0].rawValue;
    word.textContent = word.dataset.found;
    end();
    document.getElementById("f-id_number")?.focus();
  };
  start.addEventListener("click", async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    } catch {
      word.textContent = word.dataset.refused;
      return;
    }
    show(true);
    view.srcObject = stream;
    await view.play();
    look();
  });
  stop.addEventListener("click", end);
  addEventListener("pagehide", end);
  box.hidden = false;
}

if (box && "BarcodeDetector" in globalThis && navigator.mediaDevices) scanner();
