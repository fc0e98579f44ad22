// The editor of scenarios: CodeMirror, with completion, hover and findings that somebody else knows.
// Offsets that go in and out are in characters, as the server counts them; CodeMirror counts UTF-16 code units.
import { EditorState } from "@codemirror/state";
import {
  EditorView, drawSelection, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, hoverTooltip, keymap, lineNumbers,
} from "@codemirror/view";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { autocompletion, completionKeymap, startCompletion } from "@codemirror/autocomplete";
import { setDiagnostics } from "@codemirror/lint";
import { HighlightStyle, StreamLanguage, bracketMatching, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { yaml } from "@codemirror/legacy-modes/mode/yaml";
import { tags } from "@lezer/highlight";

const characters = (text, units) => Array.from(text.slice(0, units)).length;
const units = (text, count) => {
  let at = 0;
  for (let left = count; left > 0 && at < text.length; left -= 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
};

// Colours are those of the page, in light and dark; the classes are in its style sheet.
const colours = HighlightStyle.define([
  { tag: [tags.atom, tags.definition(tags.propertyName), tags.propertyName], class: "y-key" },
  { tag: tags.string, class: "y-text" },
  { tag: [tags.number, tags.bool, tags.keyword, tags.meta], class: "y-value" },
  { tag: tags.comment, class: "y-comment" },
]);

const KINDS = { key: "property", value: "constant", name: "variable" };

const prose = (text) => {
  const box = document.createElement("div");
  box.className = "cm-prose";
  for (const part of text.split(/\n{2,}/)) {
    const line = document.createElement("p");
    // Of Markdown what comes here: code between back quotes, bold between stars, lines that go on.
    for (const piece of part.replace(/\n(?![-*|\s])/g, " ").split(/(`[^`]+`|\*\*[^*]+\*\*)/)) {
      const mark = /^(`|\*\*)/.exec(piece)?.[1] ?? "";
      const inside = document.createElement({ "`": "code", "**": "strong", "": "span" }[mark]);
      inside.textContent = mark ? piece.slice(mark.length, -mark.length) : piece;
      line.append(inside);
    }
    box.append(line);
  }
  return box;
};

/**
 * Put an editor into a place.
 * options: text; label; describedBy; readOnly; nonce of the page's style sheets; changed(), called after each change;
 * complete(text, offset) and hover(text, offset), promises of what the server says.
 */
globalThis.scenarioEditor = (place, options) => {
  const completions = async (context) => {
    const before = context.matchBefore(/[\w.-]+/);
    const line = context.state.doc.lineAt(context.pos);
    const isBegun = before !== null || /(: |- |\{\{ ?|^\s*)$/.test(line.text.slice(0, context.pos - line.from));
    if (!context.explicit && !isBegun) return null;
    const text = context.state.doc.toString();
    const found = await options.complete(text, characters(text, context.pos));
    if (!found?.items.length || context.aborted) return null;
    return {
      from: units(text, found.start),
      to: Math.max(context.pos, units(text, found.end)),
      options: found.items.map((one) => ({
        label: one.label, apply: one.insert, type: KINDS[one.kind], detail: one.detail || undefined,
        info: one.documentation ? () => prose(one.documentation) : undefined,
      })),
      validFor: /^[\w.-]*$/,
    };
  };
  const about = hoverTooltip(async (view, at) => {
    const text = view.state.doc.toString();
    const found = await options.hover(text, characters(text, at));
    if (!found?.text) return null;
    return { pos: units(text, found.start), end: units(text, found.end), above: true, create: () => ({ dom: prose(found.text) }) };
  });
  const view = new EditorView({
    parent: place,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        EditorView.cspNonce.of(options.nonce),
        lineNumbers(), highlightActiveLineGutter(), highlightSpecialChars(), history(), drawSelection(),
        highlightActiveLine(), bracketMatching(), indentUnit.of("  "), StreamLanguage.define(yaml), syntaxHighlighting(colours),
        autocompletion({ override: [completions], activateOnTyping: true, icons: false }), about,
        // The key that leads on in a page leads on here too: Escape first, then Tab, as CodeMirror has it.
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorState.readOnly.of(options.readOnly), EditorView.editable.of(!options.readOnly),
        EditorView.contentAttributes.of({
          "aria-label": options.label, "aria-describedby": options.describedBy, autocapitalize: "off", spellcheck: "false", tabindex: "0",
        }),
        EditorView.updateListener.of((update) => { if (update.docChanged) options.changed(); }),
      ],
    }),
  });
  const offset = (line, column) => {
    const there = view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));
    return there.from + units(there.text, column - 1);
  };
  const range = (one) => {
    const from = offset(one.line, one.column);
    return { from, to: Math.max(from, offset(one.end_line, one.end_column)) };
  };
  return {
    text: () => view.state.doc.toString(),
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    complete: () => startCompletion(view),
    select: (one) => {
      const { from, to } = range(one);
      view.focus();
      view.dispatch({ selection: { anchor: from, head: to }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
    },
    mark: (found) => view.dispatch(setDiagnostics(view.state, found.map((one) => ({
      ...range(one), severity: one.severity === "error" ? "error" : "warning", message: one.hint ? `${one.message}\n${one.hint}` : one.message,
    })))),
  };
};
