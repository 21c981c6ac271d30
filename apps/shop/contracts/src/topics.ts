import type { TopicPlan, TopicsPlan } from '@rockhopper/service'

/** Topics of the shop. Bodies are plain JSON, keys and sharding keys are order ids. */
export const Topic = {
  /** created, confirmed, cancelled: what happened to an order. */
  ORDER: 'order_topic',
  /** One plain order per message, in the form a Java service reads: see `ShopOrder`. */
  SHOP_ORDER: 'order-topic',
  /** reserved, rejected, released: what the stock keeper did. */
  INVENTORY: 'inventory_topic',
  /** taken, refused, refunded: what the cashier did. */
  PAYMENT: 'payment_topic',
  /** release: give the stock of an order back, or never take it. */
  INVENTORY_COMMAND: 'inventory_command',
  /** refund: give the money of an order back, or never take it. */
  PAYMENT_COMMAND: 'payment_command',
  /** due, delivered late: the time to pay for an order may be over. */
  ORDER_TIMEOUT: 'order_timeout_topic',
  /** changed: a product has another price. */
  PRICE: 'price_topic',
  /** registered: a new customer. */
  USER: 'user_topic',
  /** quote: price and availability, asked and answered. */
  INVENTORY_QUOTE: 'inventory',
} as const

/** Every topic and how many queues it gets, for brokers that do not create topics on the first send. */
export const SHOP_TOPICS: readonly TopicPlan[] = Object.values(Topic).map((topic) =>
  topic === Topic.ORDER_TIMEOUT ? { topic, queues: 4, type: 'DELAY' } : { topic, queues: 4 },
)

/** Consumer groups of the shop: one for each reason to listen. */
export const Group = {
  ORDER_SAGA: 'order_saga',
  ORDER_TIMEOUTS: 'order_timeouts',
  /** Broadcast: every instance has a list of prices. */
  ORDER_PRICES: 'order_prices',
  INVENTORY_ORDERS: 'inventory_orders',
  INVENTORY_COMMANDS: 'inventory_commands',
  INVENTORY_QUOTES: 'inventory_quotes',
  PAYMENT_ORDERS: 'payment_orders',
  PAYMENT_COMMANDS: 'payment_commands',
  NOTIFICATION_ORDERS: 'notification_orders',
  /** Orderly: what happened to an order, in the order it happened. */
  NOTIFICATION_HISTORY: 'notification_history',
  NOTIFICATION_USERS: 'notification_users',
} as const

/** What the services need of a broker. The file says the same to who runs them: a test compares the two. */
export const SHOP_PLAN: TopicsPlan = {
  file: 'apps/shop/topics.yaml',
  topics: SHOP_TOPICS,
  groups: Object.values(Group),
}
