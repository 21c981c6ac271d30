/** `broker-a.3`: how files, rows and pages call a queue of `log_topic`. */
export function queueName(queue: { readonly brokerName: string; readonly queueId: number }): string {
  return `${queue.brokerName}.${queue.queueId}`
}
