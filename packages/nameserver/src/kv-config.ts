/** Namespaces, keys and bytes kept in all; past it a put is refused. */
const KEYS_MAX = 10_000

export const ORDER_TOPIC_CONFIG = 'ORDER_TOPIC_CONFIG'

/**
 * Namespace to key to value (Apache: KVConfigManager). `save` runs after each change and before the reply.
 */
export class KvConfig {
  readonly #namespaces = new Map<string, Map<string, string>>()
  readonly #save: (text: string) => Promise<void>

  constructor(
    save: (text: string) => Promise<void>,
    saved?: Readonly<Record<string, Readonly<Record<string, string>>>>,
  ) {
    this.#save = save
    for (const [namespace, table] of Object.entries(saved ?? {})) {
      this.#namespaces.set(namespace, new Map(Object.entries(table)))
    }
  }

  get(namespace: string, key: string): string | undefined {
    return this.#namespaces.get(namespace)?.get(key)
  }

  /** Undefined when the namespace has no key. */
  table(namespace: string): ReadonlyMap<string, string> | undefined {
    const table = this.#namespaces.get(namespace)
    if (table === undefined || table.size === 0) return undefined
    return table
  }

  /** False when the table is full. */
  async put(namespace: string, key: string, value: string): Promise<boolean> {
    const table = this.#namespaces.get(namespace) ?? new Map<string, string>()
    if (!table.has(key) && this.#size() >= KEYS_MAX) return false
    table.set(key, value)
    this.#namespaces.set(namespace, table)
    await this.#persist()
    return true
  }

  async delete(namespace: string, key: string): Promise<void> {
    const table = this.#namespaces.get(namespace)
    if (!table?.delete(key)) return
    if (table.size === 0) this.#namespaces.delete(namespace)
    await this.#persist()
  }

  #size(): number {
    let size = 0
    for (const table of this.#namespaces.values()) size += table.size
    return size
  }

  /** Apache: KVConfigSerializeWrapper. */
  #persist(): Promise<void> {
    const configTable = Object.fromEntries(
      [...this.#namespaces].map(([name, table]) => [name, Object.fromEntries(table)]),
    )
    return this.#save(JSON.stringify({ configTable }, undefined, '\t'))
  }
}
