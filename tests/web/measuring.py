"""What a page in a browser is held to: nothing is cut or sticks out, and everything stands within a landmark."""

from __future__ import annotations

from playwright.sync_api import Page, ViewportSize

WIDTHS_PX = (360, 760, 1024, 1280, 1920)
PAPER_WIDTHS_PX = {"auto": 703, "across": 1032}
"""What an A4 leaves between the margins of `pages.css`, by the name of the page there: of 210 mm upright or 297 mm
across, less two of 12 mm, at 96 px an inch."""

_TOOLS = """
const name = element => {
  const words = (element.textContent || element.value || "").trim().replace(/\\s+/g, " ").slice(0, 40);
  const tag = [element.tagName.toLowerCase(), ...element.classList].join(".");
  return `${tag} “${words}”`;
};
const ancestors = element => {
  const all = [];
  for (let one = element; one && one !== document.documentElement; one = one.parentElement) all.push(one);
  return all;
};
const shown = element =>
  element.checkVisibility({ visibilityProperty: true }) &&
  !ancestors(element).some(one => getComputedStyle(one).clipPath !== "none");
const ownText = element => [...element.childNodes].filter(node => node.nodeType === 3 && node.textContent.trim());
const broken = node => [...node.textContent.matchAll(/(?<=^|\\s)[\\p{L}\\p{N}]{2,12}(?=\\s|$)/gu)].filter(word => {
  const range = document.createRange();
  range.setStart(node, word.index);
  range.setEnd(node, word.index + word[0].length);
  return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1;
});
const CONTROLS = "button, input, select, textarea, img, svg";
"""

_CUT = f"""
() => {{
  {_TOOLS}
  const root = document.documentElement, found = [];
  if (root.scrollWidth > root.clientWidth) found.push(`the page is ${{root.scrollWidth}} px wide`);
  for (const element of document.querySelectorAll("body, body *")) {{
    if (!shown(element)) continue;
    const control = element.matches(CONTROLS), style = getComputedStyle(element);
    if (!control && style.overflowX !== "visible" && element.scrollWidth > element.clientWidth + 1)
      found.push(`${{name(element)}} ${{/auto|scroll/.test(style.overflowX) ? "must be scrolled" : "is cut"}}`);
    if (!control && /hidden|clip/.test(style.overflowY) && element.scrollHeight > element.clientHeight + 1)
      found.push(`${{name(element)}} is cut below`);
    const boxes = control ? [element.getBoundingClientRect()] : ownText(element).flatMap(node => {{
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()];
    }});
    const around = ancestors(element).filter(one => !/inline$|contents/.test(getComputedStyle(one).display));
    const words = control ? [] : ownText(element).flatMap(broken);
    found.push(...words.map(word => `${{name(element)}} breaks “${{word[0]}}”`));
    for (const box of boxes) {{
      const [left, right] = [Math.max(box.left, -1), box.right];
      const outer = around.find(one => {{
        const its = one.getBoundingClientRect();
        return box.left < its.left - 1 || right > its.right + 1;
      }});
      if (box.left < -1 || right > root.clientWidth + 1) found.push(`${{name(element)}} is outside the page`);
      else if (outer) found.push(`${{name(element)}} sticks out of ${{name(outer)}}`);
    }}
  }}
  return [...new Set(found)];
}}
"""

_UNREACHABLE = f"""
() => {{
  {_TOOLS}
  return [...document.querySelectorAll("body *")].filter(element => {{
    if (!shown(element) || !/auto|scroll/.test(getComputedStyle(element).overflowX)) return false;
    const label = document.getElementById(element.getAttribute("aria-labelledby") || "");
    return element.tabIndex !== 0 || element.getAttribute("role") !== "region" || !label?.textContent.trim();
  }}).map(element => `${{name(element)}} may scroll, and cannot be reached by keyboard or has no name`);
}}
"""

_OUTSIDE_LANDMARKS = f"""
() => {{
  {_TOOLS}
  const named = "[aria-label], [aria-labelledby]";
  const landmark = element =>
    element.matches(`main, nav, aside, [role=alert], [role=status], [role=log], [role=dialog]`) ||
    element.matches(`section:is(${{named}}), form:is(${{named}}), [role=region]:is(${{named}})`) ||
    (element.matches("header, footer") && !element.parentElement.closest("main, nav, aside, article, section"));
  const skip = document.querySelector("body a");
  const skips = skip?.hash && document.getElementById(skip.hash.slice(1));
  return [...document.querySelectorAll("body *")].filter(element =>
    element.checkVisibility() && (ownText(element).length || element.matches(CONTROLS)) &&
    !(skips && element === skip) && !ancestors(element).some(landmark)
  ).map(element => `${{name(element)}} is in no landmark`);
}}
"""

_TEXTS = """
() => {
  const root = document.documentElement, walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [document.title];
  while (walk.nextNode())
    if (walk.currentNode.parentElement.closest("[lang]") === root) texts.push(walk.currentNode.textContent);
  return [root.lang, texts.join(" ").replace(/\\s+/g, " ")];
}
"""


def open_everything(page: Page) -> None:
    """Unfold whatever the page keeps folded."""
    page.evaluate("() => document.querySelectorAll('details').forEach(one => { one.open = true; })")


def cut_at(page: Page, width_px: int) -> list[str]:
    """What is cut, sticks out, must be scrolled to, or has a short word in two lines, in a window of this width."""
    page.set_viewport_size(ViewportSize(width=width_px, height=900))
    page.wait_for_function("width => innerWidth === width", arg=width_px)
    return [f"at {width_px} px: {one}" for one in page.evaluate(_CUT)]


def cut_on_paper(page: Page) -> list[str]:
    """The same on an A4, upright or across as the page asks to be printed."""
    page.emulate_media(media="print")
    try:
        width_px = PAPER_WIDTHS_PX[page.evaluate("() => getComputedStyle(document.body).page")]
        return [f"on paper {one}" for one in cut_at(page, width_px)]
    finally:
        page.emulate_media(media="null")


def cut(page: Page) -> list[str]:
    """What is cut at any width or on paper, and what may scroll without being reached by keyboard."""
    on_screen = [one for width_px in WIDTHS_PX for one in cut_at(page, width_px)]
    return on_screen + cut_on_paper(page) + list(page.evaluate(_UNREACHABLE))


def outside_landmarks(page: Page) -> list[str]:
    """What stands in no landmark, the link past the head of the page aside (the meaning of axe's rule `region`)."""
    return list(page.evaluate(_OUTSIDE_LANDMARKS))


def language_and_text(page: Page) -> tuple[str, str]:
    """The page's language, and all its text but what is marked as being in another."""
    language, text = page.evaluate(_TEXTS)
    return str(language), str(text)
