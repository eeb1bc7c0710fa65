/*
 * The one file that knows the container. Tokens are private symbols, so nothing that a container holds can be asked for from elsewhere, and its fall-back to the process-wide container finds nothing.
 * Every service is a ready value, registered once in its own child container: no factories (they make a new object per resolve and cache rejections), no
 * decorators, no `resolveAll`. What is shared by a fork is not registered again there, so that it is found in the parent's container.
 */
import 'reflect-metadata/lite';
import { container as root, type DependencyContainer } from 'tsyringe';
import { Caches } from '../cache/caches.js';
import type { Definition } from '../define/definition.js';
import { EventChannel } from '../events/channel.js';
import type { KernelCounters } from '../kernels/counters.js';
import { MemoryBudget } from '../memory/budget.js';
import { readMemorySettings } from '../memory/settings.js';
import { Credits } from '../scope/credits.js';
import { Lifetime } from '../scope/lifetime.js';
import type { Scope } from '../scope/scope.js';
import { readSettings, type RegistrySettings, type Settings } from '../scope/settings.js';

const TOKENS = {
  settings: Symbol('settings'),
  events: Symbol('events'),
  credits: Symbol('credits'),
  memory: Symbol('memory'),
  caches: Symbol('caches'),
  life: Symbol('life'),
} as const;

/** Services that a fork finds in its parent's container where it has none of its own. */
interface Shared {
  readonly credits: Credits | undefined;
  readonly memory: MemoryBudget | undefined;
}

/** The services of one registry. */
export class RegistryScope implements Scope {
  readonly #container: DependencyContainer;

  private constructor(container: DependencyContainer, settings: Settings, { credits, memory }: Shared) {
    this.#container = container;
    container.registerInstance(TOKENS.settings, settings);
    container.registerInstance(TOKENS.events, new EventChannel());
    container.registerInstance(TOKENS.life, new Lifetime());
    if (credits !== undefined) container.registerInstance(TOKENS.credits, credits);
    if (memory !== undefined) container.registerInstance(TOKENS.memory, memory);
    this.settings = container.resolve(TOKENS.settings);
    this.events = container.resolve(TOKENS.events);
    this.credits = container.resolve(TOKENS.credits);
    this.memory = container.resolve(TOKENS.memory);
    container.registerInstance(TOKENS.caches, new Caches(settings.hashCache, this.memory));
    this.caches = container.resolve(TOKENS.caches);
    this.life = container.resolve(TOKENS.life);
  }

  readonly settings: Settings;
  readonly events: EventChannel;
  readonly credits: Credits;
  readonly memory: MemoryBudget;
  readonly caches: Caches;
  readonly life: Lifetime;
  readonly counters = new WeakMap<Definition, KernelCounters>();

  static create(given: RegistrySettings | undefined): RegistryScope {
    const settings = readSettings(given);
    return new RegistryScope(root.createChildContainer(), settings, {
      credits: new Credits(settings.maxBytesInFlight),
      memory: new MemoryBudget(readMemorySettings(given?.memory)),
    });
  }

  /** A scope of its own events, settings and lifetime; credits and the memory budget are the parent's unless the fork names its own. */
  fork(given: RegistrySettings | undefined): RegistryScope {
    const settings = readSettings(given, this.settings);
    const credits = given?.maxBytesInFlight === undefined ? undefined : new Credits(settings.maxBytesInFlight);
    const memory = given?.memory === undefined ? undefined : new MemoryBudget(readMemorySettings(given.memory));
    return new RegistryScope(this.#container.createChildContainer(), settings, { credits, memory });
  }

  async end(abort: boolean): Promise<void> {
    await this.life.end(abort);
    this.caches.end();
    this.events.close();
    await this.#container.dispose();
  }
}
