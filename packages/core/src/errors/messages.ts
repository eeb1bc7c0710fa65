import type { ErrorCode, ErrorDetails } from './codes.js';

type Prose = { readonly [Code in ErrorCode]?: (details: ErrorDetails[Code]) => string };

const at = (details: { readonly offset?: number }) => (details.offset === undefined ? '' : ` at byte ${details.offset}`);
const because = (reason: string | undefined) => (reason === undefined ? '' : `: ${reason}`);
const list = (names: readonly string[]) => (names.length === 0 ? 'nothing' : names.join(', '));

/** The sentence behind the code, where core knows one; packages with codes of their own give theirs when they throw. */
export const PROSE: Prose = {
  corrupt_data: (d) => `the data are damaged${at(d)}${because(d.reason)}`,
  truncated_input: (d) => `the data end too early${at(d)}`,
  checksum_mismatch: (d) => `the checksum does not match${at(d)}`,
  trailing_data: (d) => `something follows the end of the data${at(d)}`,
  unknown_format: (d) => `no registered codec knows data that begin with ${d.head || '(nothing)'} (registered: ${list(d.registered)})`,
  unsupported_feature: (d) => `${d.feature} is not supported${at(d)}`,
  size_exceeded: (d) => `the result would be larger than the limit of ${d.limit} bytes${d.declared === undefined ? '' : ` (declared: ${d.declared})`}`,
  memory_limit_exceeded: (d) =>
    `${d.scope === 'decoder' ? 'decoding needs' : d.scope === 'buffer' ? 'one buffer needs' : 'the operation needs'} ${d.needed === undefined ? 'more' : `${d.needed} bytes, more`} than the limit of ${d.limit} bytes of memory`,
  output_too_small: (d) => `the output buffer of ${d.available} bytes is too small${d.needed === undefined ? '' : `, ${d.needed} are needed`}`,
  buffer_limit_exceeded: (d) => `${d.attempted} bytes of buffers are over the limit of ${d.limit}`,
  out_of_memory: (d) => `${d.bytes} bytes could not be allocated`,
  dictionary_missing: (d) => `the data need the dictionary with id ${d.id}`,
  dictionary_mismatch: (d) => `the dictionary is not the one that the data need${d.id === undefined ? '' : ` (id ${d.id})`}`,
  invalid_input: (d) =>
    `${d.name} ${d.value === undefined ? 'is not usable' : `cannot be ${d.value}`}${d.expected === undefined ? '' : `; expected ${d.expected}`}`,
  invalid_options: optionProse,
  invalid_chunking_options: optionProse,
  invalid_spec: (d) => `'${d.spec}' is no spec: ${d.reason}`,
  invalid_encoding: (d) => `this is no ${d.encoding}${at(d)}: ${d.reason}`,
  aborted: () => 'the operation was aborted',
  sync_unavailable: (d) => `${d.algorithm ?? 'the algorithm'} cannot ${d.operation ?? 'do this'} synchronously here`,
  plugin_failed: (d) => `${d.algorithm ?? 'a plugin'} failed${d.operation === undefined ? '' : ` in ${d.operation}`}${because(d.reason)}`,
  native_panic: (d) => `native code failed${because(d.reason)}`,
  scratch_in_use: () => 'a scratch serves one call at a time',
  already_finished: () => 'it was finished, or failed, before',
  registry_disposed: () => 'the registry was disposed',
  duplicate_name: (d) => `a ${d.kind} named '${d.name}' is registered already; pass { replace: true } to replace it`,
  duplicate_magic: (d) => `'${d.name}' and '${d.other}' have the same magic bytes ${d.magic}`,
  invalid_plugin: (d) => `${d.name === undefined ? 'the definition' : `'${d.name}'`} is no plugin: ${d.reason}`,
  incompatible_contract: (d) => `'${d.name}' was made for contract ${d.actual}, this core has ${d.expected}`,
  algorithm_unknown: (d) =>
    `no ${d.kind} named '${d.name}' is registered (registered: ${list(d.registered)})${d.install === undefined ? '' : `; install ${d.install} and register it`}`,
  algorithm_unavailable: (d) =>
    `no kernel of the ${d.kind} '${d.name}' works here: ${d.tried.map((k) => `${k.kind} (${k.reason ?? 'not tried'})`).join('; ') || 'it has none'}${d.install === undefined ? '' : `; ${d.install}`}`,
  kernel_mismatch: (d) => `the ${d.kernel} kernel of ${d.algorithm} disagrees with ${d.trusted}`,
};

function optionProse(d: ErrorDetails['invalid_options']): string {
  return `${d.algorithm} does not take ${d.name} = ${d.value}: ${d.reason}${d.range === undefined ? '' : ` (${d.range})`}`;
}
