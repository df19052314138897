// Pictures that an author uploads, made small before they are sent.
export const MOST_PX = 1024;
const MOST_CHARACTERS = 160_000;
const QUALITIES = [0.88, 0.75, 0.6, 0.45];

/** Makes a photo small enough for every form that asks it; the server judges it once more. */
export async function shrink(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, MOST_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  const paper = canvas.getContext("2d");
  paper.fillStyle = "#ffffff";
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const tries = QUALITIES.map((quality) => canvas.toDataURL("image/jpeg", quality));
  return tries.find((url) => url.length <= MOST_CHARACTERS) ?? tries.at(-1);
}
