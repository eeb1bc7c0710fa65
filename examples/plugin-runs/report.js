import { writeFile } from 'node:fs/promises';
import { checkConformance } from '@chunker/conformance';
import plugin from './plugin.js';

const report = await checkConformance(plugin);
await writeFile('conformance.json', JSON.stringify(report, undefined, 2));
console.log(`${report.filter((result) => result.passed).length} of ${report.length} laws kept`);
process.exitCode = report.every((result) => result.passed) ? 0 : 1;
