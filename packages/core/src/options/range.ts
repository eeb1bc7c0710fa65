import type { OptionsSchema, SchemaIssue } from '../contracts/index.js';
import { isPlain } from './snapshot.js';

/** The part of Standard JSON Schema (standardschema.dev) that core uses; zod has it since 4.2. */
interface JsonConverter {
  readonly jsonSchema?: { readonly input?: (settings: { readonly target: string }) => Record<string, unknown> };
}

/** The schema as JSON Schema (draft 2020-12), where the schema can say it; else undefined. Never throws. */
export function jsonSchemaOf(schema: OptionsSchema): Record<string, unknown> | undefined {
  try {
    const json = (schema['~standard'] as JsonConverter).jsonSchema?.input?.({ target: 'draft-2020-12' });
    return isPlain(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** The range of the parameter at `path`, in words: from the JSON Schema, else from the issue itself. */
export function rangeOf(schema: OptionsSchema, path: readonly PropertyKey[], issue: SchemaIssue): string | undefined {
  let at: unknown = jsonSchemaOf(schema);
  for (const step of path) at = isPlain(at) && isPlain(at.properties) && Object.hasOwn(at.properties, step) ? at.properties[step as string] : undefined;
  if (isPlain(at)) {
    if (Array.isArray(at.enum)) return at.enum.map(String).join(', ');
    const range = interval(at.minimum, at.maximum, at.exclusiveMinimum);
    if (range !== undefined) return range;
  }
  const { minimum, maximum } = issue as { readonly minimum?: unknown; readonly maximum?: unknown };
  return interval(minimum, maximum);
}

function interval(minimum: unknown, maximum: unknown, above?: unknown): string | undefined {
  // zod writes the bounds of safe integers for every whole number; they tell nobody anything.
  const low = isBound(minimum) ? `${minimum}` : isBound(above) ? `above ${above}` : undefined;
  const high = isBound(maximum) ? `${maximum}` : undefined;
  if (low !== undefined && high !== undefined) return `${low}..${high}`;
  if (low !== undefined) return low.startsWith('above') ? low : `from ${low}`;
  return high === undefined ? undefined : `up to ${high}`;
}

function isBound(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) < Number.MAX_SAFE_INTEGER);
}
