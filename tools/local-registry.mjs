// A registry of the tarballs at hand, for this machine alone: `npm install @chunker/…` then does what it will do once they are published. Other packages come from where they always come from.
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { run } from './say.mjs';

const SCOPE = '@chunker';

async function manifestOf(tarball) {
  return JSON.parse((await run('tar', ['-xzOf', tarball, 'package/package.json'])).output);
}

/** What a registry tells of a package that has one version. */
function packument(manifest, bytes, url) {
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const version = { ...manifest, _id: `${manifest.name}@${manifest.version}`, dist: { tarball: url, integrity } };
  return { name: manifest.name, 'dist-tags': { latest: manifest.version }, versions: { [manifest.version]: version } };
}

/**
 * Serves the tarballs of `packAll`, a map of paths by package name. Answers the environment in which npm asks here for our scope, and `close`. `folder` is given npm's settings for it.
 */
export async function serveTarballs(tarballs, folder) {
  // npm remembers answers by their address: no two runs have one in common.
  const prefix = `/${randomBytes(8).toString('hex')}/`;
  const answers = new Map();
  const server = createServer(({ url }, response) => {
    const answer = answers.get(decodeURIComponent(url).replace(prefix, ''));
    if (answer === undefined) return void response.writeHead(404).end('{}');
    response.writeHead(200, { 'content-type': Buffer.isBuffer(answer) ? 'application/octet-stream' : 'application/json' }).end(answer);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${server.address().port}${prefix}`;
  for (const [name, tarball] of tarballs) {
    const bytes = readFileSync(tarball);
    answers.set(name, JSON.stringify(packument(await manifestOf(tarball), bytes, `${address}${basename(tarball)}`)));
    answers.set(basename(tarball), bytes);
  }
  const settings = join(folder, 'npmrc');
  writeFileSync(settings, `${SCOPE}:registry=${address}\naudit=false\nfund=false\nupdate-notifier=false\nprefer-offline=true\nignore-scripts=true\n`);
  return { env: { npm_config_userconfig: settings }, close: () => server.close() };
}
