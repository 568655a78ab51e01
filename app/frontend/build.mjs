// Builds what browsers and letters need into app/static/build, which git ignores:
//
//   site-<hash>.css, site-<hash>.js          every page
//   diagram-<hash>.css, diagram-<hash>.js    pages with a diagram
//   letter_editor-<hash>.js, …               each editor's own page
//   modeller-<hash>.css, modeller-<hash>.js  the page that draws one
//   fonts/…-<hash>.woff2, favicon-<hash>.svg
//   letter-fonts/*.ttf                       for typst; names without a hash, they never change
//   *.js.LEGAL.txt, LICENCES.txt             the licences of all that is in the files above
//   manifest.json                            { "site.css": "site-<hash>.css", … }
//
// Keys of the manifest are the names that templates use; values are paths below app/static/build.
// Run it as `npm run build` or by ./run. It builds beside the old folder and then takes its place,
// so a server that runs meanwhile never finds half a build.

import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { compileAsync } from 'sass';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const modules = join(root, 'node_modules');
const target = join(root, 'app/static/build');
const fresh = target + '.new';

const letterFonts = ['400Regular', '400Regular_Italic', '600SemiBold', '700Bold', '700Bold_Italic'];
const fontPackage = '@expo-google-fonts/source-sans-3';

// Packages under the MIT licence that do not carry its text with them.
const holders = {
  'govuk-frontend': 'Copyright (C) 2017 Crown Copyright (Government Digital Service)',
  '@ministryofjustice/frontend': 'Copyright (c) 2021 dxw',
};

// Every package that gave something to the result, by its folder below node_modules.
const used = new Set([fontPackage]);
const noteUse = (path) => {
  const inside = path.split('node_modules/').pop();
  if (inside === path) return;
  used.add(inside.split('/').slice(0, inside.startsWith('@') ? 2 : 1).join('/'));
};

// esbuild bundles the style sheets too; Sass runs first. An error in Sass stops the build.
const sassPlugin = {
  name: 'sass',
  setup(bundler) {
    bundler.onLoad({ filter: /\.scss$/ }, async ({ path }) => {
      const compiled = await compileAsync(path, {
        loadPaths: [root, modules],
        style: 'expanded',
        quietDeps: true,
      });
      compiled.loadedUrls.forEach((url) => noteUse(url.pathname));
      return { contents: compiled.css, loader: 'css', resolveDir: dirname(path) };
    });
  },
};

// form-js's editor brings a Preact of its own; its viewer, which the editor draws with, must use the same.
const onePreactPlugin = {
  name: 'one-preact',
  setup(bundler) {
    const editor = join(modules, '@bpmn-io/form-js-editor');
    bundler.onResolve({ filter: /^preact(\/|$)/ }, ({ path, importer, kind, pluginData }) => {
      if (pluginData === onePreactPlugin || !importer.includes('form-js-viewer')) return undefined;
      return bundler.resolve(path, { resolveDir: editor, kind, pluginData: onePreactPlugin });
    });
  },
};

// Our policy lets a script set styles, and none stand in HTML that is written into a page. bpmn.io's
// editors write theirs with domify, CodeMirror its own with style-mod into an element <style>.
const strictStylesPlugin = {
  name: 'strict-styles',
  setup(bundler) {
    const ours = join(here, 'domify.js');
    bundler.onResolve({ filter: /^domify$/ }, ({ importer }) => (importer === ours ? undefined : { path: ours }));
    bundler.onLoad({ filter: /style-mod\/src\/style-mod\.js$/ }, async ({ path }) => {
      const [before, after, more] = (await readFile(path, 'utf8')).split('!root.head && root.adoptedStyleSheets');
      if (after === undefined || more !== undefined) throw new Error(`${path} asks for its sheet in another way now`);
      return { contents: `${before}root.adoptedStyleSheets${after}` };
    });
  },
};

async function bundle() {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: {
      site: join(here, 'site.js'),
      diagram: join(here, 'diagram.js'),
      letter_editor: join(here, 'letter_editor.js'),
      table_editor: join(here, 'table_editor.js'),
      form_editor: join(here, 'form_editor.js'),
      modeller: join(here, 'modeller/modeller.js'),
      'site-style': join(here, 'styles/site.scss'),
      'diagram-style': join(here, 'styles/diagram.scss'),
      'form_editor-style': join(here, 'styles/form_editor.scss'),
      'table_editor-style': join(here, 'styles/table_editor.scss'),
      'modeller-style': join(here, 'styles/modeller.scss'),
      favicon: join(here, 'favicon.svg'),
    },
    outdir: fresh,
    entryNames: '[name]-[hash]',
    assetNames: 'fonts/[name]-[hash]',
    loader: { '.woff2': 'file', '.svg': 'copy' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['chrome109', 'firefox115', 'safari15.6'],
    legalComments: 'linked',
    metafile: true,
    plugins: [sassPlugin, onePreactPlugin, strictStylesPlugin],
    logLevel: 'warning',
  });
  Object.keys(metafile.inputs).forEach(noteUse);
  return metafile;
}

// "site-style-ABCD.css" made from styles/site.scss is "site.css" to the templates.
function manifestOf(metafile) {
  const manifest = {};
  for (const path of Object.keys(metafile.outputs)) {
    const built = relative(fresh, resolve(root, path)).replaceAll('\\', '/');
    if (built.endsWith('.LEGAL.txt')) continue;
    const name = built.replace('-style-', '-').replace(/-[A-Z0-9]{8}(\.[a-z0-9]+)$/, '$1');
    manifest[name] = built;
  }
  return manifest;
}

async function letterFontFiles() {
  const folder = join(fresh, 'letter-fonts');
  await mkdir(folder, { recursive: true });
  const names = letterFonts.map((face) => `SourceSans3_${face}.ttf`);
  await Promise.all(
    names.map((name, i) => copyFile(join(modules, fontPackage, letterFonts[i], name), join(folder, name))),
  );
}

async function licences() {
  const texts = [];
  const mit = await readFile(join(here, 'mit-licence.txt'), 'utf8');
  for (const name of [...used].sort()) {
    const folder = join(modules, name);
    const about = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    const files = (await readdir(folder)).filter((file) => /^licen[cs]e/i.test(file)).sort();
    const wording = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
    if (!files.length) wording.push(holders[name] ?? `Copyright ${about.author?.name ?? about.author}`, mit);
    texts.push([`${name} ${about.version}: ${about.license ?? 'see below'}`, ...wording].join('\n\n').trim());
  }
  const line = '\n\n' + '-'.repeat(80) + '\n\n';
  await writeFile(join(fresh, 'LICENCES.txt'), 'Parts of these files are the work of others:\n\n' + texts.join(line) + '\n');
}

await rm(fresh, { recursive: true, force: true });
const metafile = await bundle();
await Promise.all([letterFontFiles(), licences()]);
await writeFile(join(fresh, 'manifest.json'), JSON.stringify(manifestOf(metafile), null, 2) + '\n');
const old = target + '.old';
await rm(old, { recursive: true, force: true });
await rename(target, old).catch((problem) => {
  if (problem.code !== 'ENOENT') throw problem; // the first build has nothing to replace
});
await rename(fresh, target);
await rm(old, { recursive: true, force: true });
