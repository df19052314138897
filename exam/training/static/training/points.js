/** A photo in a form on which places are shown, as on the terminal; they are sent as `choice`. */

import HotspotArea from "/static/delivery/terminal/kinds/hotspot.js";

class PhotoPoints extends HTMLElement {
  connectedCallback() {
    const { url, width, height, points } = this.dataset;
    const photo = { url, width: Number(width), height: Number(height), points: Number(points) };
    const sent = document.createElement("span");
    const area = new HotspotArea({ photo }, [], (given) => {
      sent.replaceChildren(...given.map((point) => Object.assign(document.createElement("input"), { type: "hidden", name: "choice", value: point })));
    });
    this.replaceChildren(area.node, sent);
  }
}

customElements.define("photo-points", PhotoPoints);
