/** What stands in records and manifests for bytes that are stored as they are. It needs no codec to be read. */
export const STORED = 'identity';
