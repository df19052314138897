"""The course packages of the demo, drawn up here: one by SCORM 1.2, one by cmi5, each of steps that are leafed through."""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Final

PACKAGE_TITLE: Final = "灭火器怎样用(课件包)"
COURSE_TITLE: Final = "触电怎样救(cmi5 课件包)"
EXTINGUISHER: Final = (
    ("提", "提起灭火器,上下颠倒几次,到火点上风 3 米处。"),
    ("拔", "拔下保险销。"),
    ("握", "一手握住喷管,对准火焰根部。"),
    ("压", "压下压把,左右扫射,由近及远,直到完全熄灭。"),
)
_MANIFEST: Final = """<?xml version="1.0" encoding="utf-8"?>
<manifest identifier="ankao-demo" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
 <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
 <organizations default="o"><organization identifier="o"><title>灭火器怎样用</title>
  <item identifier="steps" identifierref="r"><title>提、拔、握、压</title></item></organization></organizations>
 <resources><resource identifier="r" type="webcontent" adlcp:scormtype="sco" href="index.html"/></resources>
</manifest>"""
SHOCK: Final = (
    ("断", "先断开电源。断不开时站在干燥的木板上,用干燥的木棒把电线挑开,不要用手去拉。"),
    ("喊", "大声呼救,让人拨打 120,并取来除颤器。"),
    ("压", "没有反应、没有正常呼吸的,立即胸外按压:两乳头连线中点,深 5 至 6 厘米,每分钟 100 至 120 次。"),
    ("吹", "每按压 30 次吹气 2 次,一直做到医护人员到来。"),
)
_COURSE: Final = """<?xml version="1.0" encoding="utf-8"?>
<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd">
 <course id="urn:ankao:demo:shock"><title><langstring lang="zh-CN">触电怎样救</langstring></title>
  <description><langstring lang="zh-CN">断、喊、压、吹</langstring></description></course>
 <au id="urn:ankao:demo:shock:steps" moveOn="Completed"><title><langstring lang="zh-CN">断、喊、压、吹</langstring></title>
  <description><langstring lang="zh-CN">四步</langstring></description><url>index.html</url></au>
</courseStructure>"""
_PAGE: Final = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body{{margin:0;padding:6vmin;font:1.25rem/1.8 "PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif}}
h1{{font-size:4rem;margin:0;color:#1b3a6b}}section{{display:none}}section.on{{display:block}}
button{{font:inherit;padding:.6rem 1.5rem;margin:1rem 1rem 0 0}}</style>
{sections}<button id="back">上一步</button><button id="next">下一步</button><p id="end" hidden>学完了。</p>
<script>
{script}</script></html>"""
_SHOW: Final = """const steps = [...document.querySelectorAll("section")];
let here = 0;
const show = (to) => {
  here = Math.min(Math.max(to, 0), steps.length - 1);
  steps.forEach((step, place) => step.classList.toggle("on", place === here));
  const last = here === steps.length - 1;
  document.getElementById("end").hidden = !last;
  told(here, last);
};
document.getElementById("next").addEventListener("click", () => show(here + 1));
document.getElementById("back").addEventListener("click", () => show(here - 1));
"""
_SCORM: Final = """let at = window; while (!at.API && at !== at.parent) at = at.parent;
const api = at.API;
const told = (place, last) => {
  api?.LMSSetValue("cmi.core.lesson_location", String(place));
  api?.LMSSetValue("cmi.core.lesson_status", last ? "completed" : "incomplete");
  api?.LMSCommit("");
};
api?.LMSInitialize("");
show(Number(api?.LMSGetValue("cmi.core.lesson_location")) || 0);
addEventListener("pagehide", () => api?.LMSFinish(""));
"""
_CMI5: Final = """const given = new URLSearchParams(location.search), since = Date.now();
const [actor, activityId, registration] = ["actor", "activityId", "registration"].map((name) => given.get(name));
const cmi5 = "https://w3id.org/xapi/cmi5/context/categories/";
let token, launch, completed = false;
const call = (path, method, body) => fetch(given.get("endpoint") + path, {
  method, keepalive: true, body: body && JSON.stringify(body),
  headers: { Authorization: `Basic ${token}`, "X-Experience-API-Version": "1.0.3", "Content-Type": "application/json" },
});
const state = (stateId) => `activities/state?${new URLSearchParams({ stateId, activityId, agent: actor, registration })}`;
const say = (verb, result) => {
  const { contextActivities, extensions } = launch.contextTemplate, id = crypto.randomUUID();
  const category = [{ id: `${cmi5}cmi5` }, ...(result?.completion ? [{ id: `${cmi5}moveon` }] : [])];
  return call(`statements?statementId=${id}`, "PUT", {
    id, actor: JSON.parse(actor), verb: { id: `http://adlnet.gov/expapi/verbs/${verb}` }, object: { id: activityId },
    context: { registration, extensions, contextActivities: { ...contextActivities, category } },
    timestamp: new Date().toISOString(), ...(result && { result }),
  });
};
const duration = () => `PT${Math.round((Date.now() - since) / 1000)}S`;
const told = async (place, last) => {
  if (!launch) return;
  await call(state("place"), "PUT", { place, completed: completed || last });
  if (last && !completed && launch.launchMode === "Normal") {
    completed = true;
    await say("completed", { completion: true, duration: duration() });
  }
};
(async () => {
  token = (await (await fetch(given.get("fetch"), { method: "POST" })).json())["auth-token"];
  launch = await (await call(state("LMS.LaunchData"), "GET")).json();
  const kept = await call(state("place"), "GET");
  const known = kept.ok ? await kept.json() : { place: 0, completed: false };
  completed = known.completed;
  await say("initialized");
  show(known.place);
  addEventListener("pagehide", () => say("terminated", { duration: duration() }));
})();
"""


def draw_package() -> bytes:
    """Return a SCORM 1.2 package of one part that remembers where it was left."""
    page = _draw_page("灭火器怎样用", EXTINGUISHER, _SCORM)
    return _zipped({"imsmanifest.xml": _MANIFEST, "index.html": page})


def draw_course() -> bytes:
    """Return a cmi5 course of one unit that remembers where it was left and says when it is completed."""
    return _zipped({"cmi5.xml": _COURSE, "index.html": _draw_page("触电怎样救", SHOCK, _CMI5)})


def _draw_page(title: str, steps: tuple[tuple[str, str], ...], script: str) -> str:
    sections = "".join(f"<section><h1>{name}</h1><p>{rule}</p></section>" for name, rule in steps)
    return _PAGE.format(title=title, sections=sections, script=_SHOW + script)


def _zipped(files: Mapping[str, str]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()
