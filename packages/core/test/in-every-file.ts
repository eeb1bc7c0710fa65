// Before each file of tests, whatever it tests.
import { afterAll } from 'vitest';
import { prototypeGuard } from './prototype-guard.js';

afterAll(prototypeGuard());
