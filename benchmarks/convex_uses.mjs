// What tsc says of a Convex project once a schema file has another text: new errors, by file and line.
//
//     node convex_uses.mjs PACKAGES ROOT FUNCTIONS JOBS.json
//
// Each job is { name, path, text }. Printed is one JSON list of [path, line] a job, over the files that name it.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [packages, root, functions, jobs] = process.argv.slice(2);
const ts = createRequire(path.join(packages, "node_modules", "x.js"))("typescript");

const files = [];
(function walk(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const inside = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") walk(inside);
    else if (/\.(ts|tsx|js|jsx)$/.test(entry.name) && !/\.test\.tsx?$/.test(entry.name)) files.push(inside);
  }
})(path.join(root, functions));

const configPath = ts.findConfigFile(path.join(root, functions), ts.sys.fileExists);
const config = configPath ? ts.readConfigFile(configPath, ts.sys.readFile).config : {};
const paths = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(configPath ?? root)).options;
const options = {
  strict: true, skipLibCheck: true, noEmit: true, allowJs: true, types: [], allowImportingTsExtensions: true,
  target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  jsx: ts.JsxEmit.ReactJSX, lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
  paths: paths.paths, baseUrl: paths.baseUrl, pathsBasePath: paths.pathsBasePath,
}; // prettier-ignore
const replaced = new Map();
let version = 0;
const service = ts.createLanguageService({
  getScriptFileNames: () => files,
  getScriptVersion: (file) => (replaced.has(file) ? String(version) : "0"),
  getScriptSnapshot: (file) => {
    const text = replaced.get(file) ?? ts.sys.readFile(file);
    return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
  },
  getCurrentDirectory: () => root,
  getCompilationSettings: () => options,
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  fileExists: ts.sys.fileExists,
  readFile: ts.sys.readFile,
  readDirectory: ts.sys.readDirectory,
  directoryExists: ts.sys.directoryExists,
  getDirectories: ts.sys.getDirectories,
});

/** The errors of a file, as texts that tell them apart. */
function errors(file) {
  return service.getSemanticDiagnostics(file).map((one) => {
    const line = one.file.getLineAndCharacterOfPosition(one.start).line + 1;
    return JSON.stringify([path.relative(root, file), line, ts.flattenDiagnosticMessageText(one.messageText, " ")]);
  });
}

const known = new Map();
for (const job of JSON.parse(fs.readFileSync(jobs, "utf8"))) {
  const schema = path.join(root, job.path);
  const word = new RegExp(`\\b${job.name}\\b`);
  const named = files
    .filter((file) => file !== schema && !file.includes("_generated") && word.test(ts.sys.readFile(file)))
    .slice(0, 8);
  for (const file of named) if (!known.has(file)) known.set(file, new Set(errors(file)));
  version += 1;
  replaced.set(schema, job.text);
  const fresh = named.flatMap((file) => errors(file).filter((error) => !known.get(file).has(error)));
  replaced.delete(schema);
  console.log(JSON.stringify(fresh.map((error) => JSON.parse(error).slice(0, 2))));
}
