// Whose work is inside what we publish: names, versions and licence texts of the npm packages in a bundle and of the crates in an addon.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { ROOT } from './workspace.mjs';

const LICENCE = /^(licen[cs]e|copying|notice)/i;

function licenceTexts(directory) {
  const names = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile() && LICENCE.test(entry.name));
  return names.map(({ name }) => readFileSync(join(directory, name), 'utf8').trim());
}

/** One section for each part; a text that came before is named, not repeated. */
function document(title, parts) {
  const seen = new Map();
  const quoted = (text, owner) => {
    const key = text.replace(/\s+/g, ' ');
    const first = seen.get(key);
    seen.set(key, first ?? owner);
    return first === undefined ? `\`\`\`\`text\n${text}\n\`\`\`\`` : `The text is that of ${first}.`;
  };
  const sections = parts.map(({ name, version, licence, texts, from }) => {
    if (texts.length === 0 && !licence) throw new Error(`${name} ${version} says nothing of its licence`);
    const body = texts.length > 0 ? texts.map((text) => quoted(text, `${name} ${version}`)) : [`No text comes with it; see ${from}.`];
    return `## ${name} ${version}\n\n${[licence, ...body].join('\n\n')}\n`;
  });
  return `# ${title}\n\n${sections.join('\n')}`;
}

/** The package that an installed file belongs to. */
function packageOf(file) {
  for (let directory = dirname(file); directory.includes(`${sep}node_modules${sep}`); directory = dirname(directory)) {
    const manifest = join(directory, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version !== undefined) return directory;
  }
  throw new Error(`${file} belongs to no package`);
}

/** What a bundle made of these files must tell; undefined where all of them are our own. */
export function bundledNotices(files) {
  const directories = new Set(files.filter((file) => file.includes(`${sep}node_modules${sep}`)).map(packageOf));
  if (directories.size === 0) return undefined;
  const parts = [...directories].map((directory) => {
    const { name, version, license, homepage } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    return { name, version, licence: license, texts: licenceTexts(directory), from: homepage };
  });
  parts.sort((a, b) => (a.name < b.name ? -1 : 1));
  return document('Software bundled in these files', parts);
}

/** This machine's target, as cargo names it. */
const hostTarget = () => execFileSync('rustc', ['-vV'], { cwd: ROOT, encoding: 'utf8' }).match(/^host: (.*)$/m)[1];

/** What a library built from the crate with this Cargo.toml must tell: the crates that end up in it, without those that only the build needs. */
export function crateNotices(manifestPath, target = hostTarget()) {
  const cargo = (...args) =>
    execFileSync('cargo', [...args, '--manifest-path', manifestPath, '--offline'], { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 });
  const listed = cargo('tree', '--edges', 'normal,no-proc-macro', '--prefix', 'none', '--format', '{p}', '--target', target);
  const wanted = new Set(
    listed.split('\n').flatMap(
      (line) =>
        line
          .match(/^(\S+) v(\S+)/)
          ?.slice(1, 3)
          .join(' ') ?? [],
    ),
  );
  const { packages } = JSON.parse(cargo('metadata', '--filter-platform', target, '--format-version', '1'));
  const parts = packages
    .filter(({ name, version, source }) => source !== null && wanted.has(`${name} ${version}`))
    .map((one) => ({ ...one, licence: one.license, texts: licenceTexts(dirname(one.manifest_path)), from: one.repository }));
  parts.sort((a, b) => (a.name < b.name ? -1 : 1));
  return `${document('Crates compiled into this library', parts)}\nRust's standard library is part of it, too: MIT OR Apache-2.0, https://github.com/rust-lang/rust.\n`;
}
