import type { Algorithm, OptionsSchema } from '../contracts/index.js';
import { definitionOf } from '../define/define.js';
import { RegistryError } from '../errors/index.js';
import { schemaOf } from './parse.js';
import { jsonSchemaOf } from './range.js';

/** The schema of an algorithm's options, loaded when it is given as a loader; undefined when it takes none. Throws `invalid_plugin`. */
export async function optionsSchema(algorithm: Algorithm): Promise<OptionsSchema | undefined> {
  return schemaOf(definitionOf(algorithm));
}

/**
 * The options of an algorithm as JSON Schema (draft 2020-12). It comes from the schema itself, through Standard JSON Schema (`~standard.jsonSchema`, zod >= 4.2), so that options are described once and core needs no zod.
 * Throws `unsupported_feature` where the schema's library cannot say it.
 */
export async function toJsonSchema(algorithm: Algorithm): Promise<Record<string, unknown>> {
  const definition = definitionOf(algorithm);
  const schema = await schemaOf(definition);
  if (schema === undefined) return { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'object', properties: {}, additionalProperties: false };
  const json = jsonSchemaOf(schema);
  if (json !== undefined) return json;
  throw new RegistryError('unsupported_feature', { algorithm: definition.name, feature: `JSON Schema from ${schema['~standard'].vendor}` });
}
