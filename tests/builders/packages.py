"""SCORM packages for tests: a manifest, a page in a frame of its own, and a script that talks as real ones do."""

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
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            if content:
                archive.writestr(name, content)
    return target.getvalue()
