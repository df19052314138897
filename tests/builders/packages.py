"""SCORM and cmi5 packages for tests: a manifest, a page, and a script that talks as real ones do."""

import zipfile
from collections.abc import Mapping
from io import BytesIO

_OLD = """<manifest identifier="m" xmlns="http://www.imsproject.org/xsd/imscp_rootv1p1p2"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_rootv1p2">
 <metadata><schema>ADL SCORM</schema><schemaversion>1.2</schemaversion></metadata>
 <organizations default="o"><organization identifier="o"><title>用电安全</title>
  <item identifier="i1" identifierref="r1" parameters="?page=1"><title>触电急救</title>
   <adlcp:masteryscore>80</adlcp:masteryscore></item>
 </organization></organizations>
 <resources><resource identifier="r1" type="webcontent" adlcp:scormtype="sco" href="sco/index.html"/></resources>
</manifest>"""
_NEW = """<manifest identifier="m" xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"
 xmlns:adlcp="http://www.adlnet.org/xsd/adlcp_v1p3">
 <metadata><schema>ADL SCORM</schema><schemaversion>2004 4th Edition</schemaversion></metadata>
 <organizations default="o"><organization identifier="x"><title>别的</title></organization>
  <organization identifier="o"><title>用电安全</title>
   <item identifier="chapter"><title>第一章</title><item identifier="i1" identifierref="r1"><title>触电急救</title></item></item>
   <item identifier="i2" identifierref="r2"><title>灭火</title></item>
 </organization></organizations>
 <resources xml:base="sco/"><resource identifier="r1" adlcp:scormType="sco" href="index.html"/>
  <resource identifier="r2" adlcp:scormType="sco" href="index.html?page=2"/></resources>
</manifest>"""
MANIFESTS = {"scorm12": _OLD, "scorm2004": _NEW}
_FRAMES = '<!doctype html><meta charset="utf-8"><title>外框</title><iframe src="page.html" title="内容" width="600" height="400"></iframe>'
_PAGE = '<!doctype html><meta charset="utf-8"><title>页</title><p id="place"></p><button id="done">完成</button><script src="sco.js"></script>'
_SCRIPT = """
let at = window;
while (!at.API && !at.API_1484_11 && at !== at.parent) at = at.parent;
const old = Boolean(at.API), api = at.API ?? at.API_1484_11;
const set = (name, value) => old ? api.LMSSetValue(name, value) : api.SetValue(name, value);
const get = (name) => old ? api.LMSGetValue(name) : api.GetValue(name);
old ? api.LMSInitialize("") : api.Initialize("");
const place = old ? "cmi.core.lesson_location" : "cmi.location";
document.getElementById("place").textContent = "位置:" + get(place) + " 数据:" + get("cmi.suspend_data");
document.getElementById("done").addEventListener("click", () => {
  set(place, "p7"); set("cmi.suspend_data", "第七页");
  if (old) { set("cmi.core.score.raw", "90"); set("cmi.core.lesson_status", "passed"); api.LMSCommit(""); }
  else { set("cmi.completion_status", "completed"); set("cmi.success_status", "passed"); api.Commit(""); }
  document.getElementById("place").textContent = "已提交";
});
"""

COURSE = """<?xml version="1.0" encoding="utf-8"?>
<courseStructure xmlns="https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd">
 <course id="https://courses.example/electricity"><title><langstring lang="en">Electricity</langstring>
  <langstring lang="zh-CN">用电安全</langstring></title>
  <description><langstring lang="zh-CN">两个单元</langstring></description></course>
 <block id="https://courses.example/electricity/first"><title><langstring lang="zh-CN">第一章</langstring></title>
  <description><langstring lang="zh-CN">急救</langstring></description>
  <au id="https://courses.example/electricity/aid" moveOn="CompletedAndPassed" masteryScore="0.80">
   <title><langstring lang="zh-CN">触电急救</langstring></title>
   <description><langstring lang="zh-CN">怎样救人</langstring></description>
   <url>unit/index.html?unit=1</url><launchParameters>level=2</launchParameters></au></block>
 <au id="https://courses.example/electricity/fire"><title><langstring lang="zh-CN">灭火</langstring></title>
  <description><langstring lang="zh-CN">怎样灭火</langstring></description><url>unit/index.html?unit=2</url></au>
</courseStructure>"""
_UNIT = """<!doctype html><meta charset="utf-8"><title>单元</title><p id="place">正在打开</p>
<button id="done">完成</button><script src="unit.js"></script>"""
_UNIT_SCRIPT = """
const given = new URLSearchParams(location.search);
const [endpoint, activityId] = [given.get("endpoint"), given.get("activityId")];
const place = document.getElementById("place");
const state = (id) => new URLSearchParams({ stateId: id, activityId, agent: given.get("actor"), registration: given.get("registration") });
let token, launch;
const call = (path, method = "GET", body = undefined, type = "application/json") => fetch(endpoint + path, {
  method, body, headers: { "X-Experience-API-Version": "1.0.3", Authorization: `Basic ${token}`, ...(body ? { "Content-Type": type } : {}) },
});
const say = (verb, result) => {
  const id = crypto.randomUUID(), { contextTemplate } = launch;
  const category = ["cmi5", ...(result?.success || result?.completion ? ["moveon"] : [])].map((name) => ({ id: `https://w3id.org/xapi/cmi5/context/categories/${name}` }));
  const context = { ...contextTemplate, registration: given.get("registration"), contextActivities: { ...contextTemplate.contextActivities, category } };
  if (result?.score) context.extensions = { ...context.extensions, "https://w3id.org/xapi/cmi5/context/extensions/masteryscore": launch.masteryScore };
  const said = { id, actor: JSON.parse(given.get("actor")), verb: { id: `http://adlnet.gov/expapi/verbs/${verb}`, display: { en: verb } }, object: { objectType: "Activity", id: activityId }, context, timestamp: new Date().toISOString(), ...(result ? { result } : {}) };
  return call(`statements?statementId=${id}`, "PUT", JSON.stringify(said));
};
document.getElementById("done").addEventListener("click", async () => {
  await call(`activities/state?${state("place")}`, "PUT", "第七页", "text/plain");
  const answers = [await say("completed", { completion: true, duration: "PT1M" })];
  if (launch.masteryScore) answers.push(await say("passed", { success: true, score: { scaled: 0.9 }, duration: "PT1M" }));
  answers.push(await say("terminated", { duration: "PT1M" }));
  place.textContent = `已提交 ${answers.map((each) => each.status).join(" ")}`;
});
(async () => {
  token = (await (await fetch(given.get("fetch"), { method: "POST" })).json())["auth-token"];
  launch = await (await call(`activities/state?${state("LMS.LaunchData")}`)).json();
  const kept = await call(`activities/state?${state("place")}`);
  await say("initialized");
  place.textContent = `${launch.launchMode} ${launch.launchParameters ?? ""} 位置:${kept.ok ? await kept.text() : ""}`;
})();
"""


def cmi5_bytes(*, course: str = COURSE, more: Mapping[str, str] | None = None) -> bytes:
    """Return a cmi5 course's zip; `course` replaces its structure, `more` adds files."""
    files = {"cmi5.xml": course, "unit/index.html": _UNIT, "unit/unit.js": _UNIT_SCRIPT, **(more or {})}
    return _zipped(files)


def scorm_bytes(
    standard: str = "scorm12", *, manifest: str | None = None, more: Mapping[str, str] | None = None
) -> bytes:
    """Return a package's zip; `manifest` replaces its own, `more` adds files."""
    files = {
        "imsmanifest.xml": MANIFESTS[standard] if manifest is None else manifest,
        "sco/index.html": _FRAMES,
        "sco/page.html": _PAGE,
        "sco/sco.js": _SCRIPT,
        **(more or {}),
    }
    return _zipped(files)


def _zipped(files: Mapping[str, str]) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            if content:
                archive.writestr(name, content)
    return target.getvalue()
