/*
 * The one file that knows the container. Tokens are private symbols, so nothing that a container holds can be asked for from elsewhere, and its fall-back to the process-wide container finds nothing.
 * Every service is a ready value, registered once in its own child container: no factories (they make a new object per resolve and cache rejections), no
 * decorators, no `resolveAll`. What is shared by a fork is not registered again there, so that it is found in the parent's container.
 */
import 'reflect-metadata/lite';
import { container as root, type DependencyContainer } from 'tsyringe';
import type { Definition } from '../define/definition.js';
import { EventChannel } from '../events/channel.js';
import type { KernelCounters } from '../kernels/counters.js';
import { Credits } from '../scope/credits.js';
import { Lifetime } from '../scope/lifetime.js';
import type { Scope } from '../scope/scope.js';
import { readSettings, type RegistrySettings, type Settings } from '../scope/settings.js';

const TOKENS = {
  settings: Symbol('settings'),
  events: Symbol('events'),
  credits: Symbol('credits'),
  life: Symbol('life'),
} as const;

/** The services of one registry. */
export class RegistryScope implements Scope {
  readonly #container: DependencyContainer;

  private constructor(container: DependencyContainer, settings: Settings, credits: Credits | undefined) {
    this.#container = container;
    container.registerInstance(TOKENS.settings, settings);
    container.registerInstance(TOKENS.events, new EventChannel());
    container.registerInstance(TOKENS.life, new Lifetime());
    if (credits !== undefined) container.registerInstance(TOKENS.credits, credits);
    this.settings = container.resolve(TOKENS.settings);
    this.events = container.resolve(TOKENS.events);
    this.credits = container.resolve(TOKENS.credits);
    this.life = container.resolve(TOKENS.life);
  }

  readonly settings: Settings;
  readonly events: EventChannel;
  readonly credits: Credits;
  readonly life: Lifetime;
  readonly counters = new WeakMap<Definition, KernelCounters>();

  static create(given: RegistrySettings | undefined): RegistryScope {
    const settings = readSettings(given);
    return new RegistryScope(root.createChildContainer(), settings, new Credits(settings.maxBytesInFlight));
  }

  /** A scope of its own events, settings and lifetime; credits are the parent's unless the fork names its own. */
  fork(given: RegistrySettings | undefined): RegistryScope {
    const settings = readSettings(given, this.settings);
    const credits = given?.maxBytesInFlight === undefined ? undefined : new Credits(settings.maxBytesInFlight);
    return new RegistryScope(this.#container.createChildContainer(), settings, credits);
  }

  async end(abort: boolean): Promise<void> {
    await this.life.end(abort);
    this.events.close();
    await this.#container.dispose();
  }
}
