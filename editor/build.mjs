// Makes the one file that the console ships. Its first line names what it was made from; a test holds that against this folder.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync, readdirSync, existsSync } from "node:fs";
import { build } from "esbuild";

const folder = new URL(".", import.meta.url);
const target = new URL("../scenario_runner/web/console/static/vendor/", folder);
const source = createHash("sha256");
for (const name of ["scenario-editor.mjs", "package-lock.json"]) source.update(readFileSync(new URL(name, folder)));
await build({
  entryPoints: [new URL("scenario-editor.mjs", folder).pathname],
  outfile: new URL("scenario-editor.min.js", target).pathname,
  bundle: true, minify: true, format: "iife", target: "es2022", legalComments: "none",
  banner: { js: `/*! CodeMirror 6 (MIT, scenario-editor.LICENSE.txt); made by editor/build.mjs from ${source.digest("hex")} */` },
});
const licences = [];
for (const scope of ["@codemirror", "@lezer", "@marijn", ""])
  for (const name of readdirSync(new URL(`node_modules/${scope}`, folder)).sort()) {
    const at = new URL(`node_modules/${scope ? `${scope}/` : ""}${name}/`, folder);
    if (name.startsWith(".") || name.startsWith("@") || name === "esbuild" || !existsSync(new URL("LICENSE", at))) continue;
    const { version } = JSON.parse(readFileSync(new URL("package.json", at), "utf-8"));
    licences.push(`${scope ? `${scope}/` : ""}${name} ${version}\n\n${readFileSync(new URL("LICENSE", at), "utf-8").trim()}\n`);
  }
writeFileSync(new URL("scenario-editor.LICENSE.txt", target), licences.join(`\n${"-".repeat(40)}\n\n`));
