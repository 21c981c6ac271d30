import { type MigrationInterface, type QueryRunner, Table } from 'typeorm'

/** Makes the table of `TransactionEntry`, for applications without `synchronize`. */
export class CreateRocketMQTransaction1764000000001 implements MigrationInterface {
  readonly name = 'CreateRocketMQTransaction1764000000001'

  async up(runner: QueryRunner): Promise<void> {
    const table = new Table({
      name: 'rocketmq_transaction',
      columns: [
        { name: 'transaction_id', type: 'varchar', length: '64', isPrimary: true },
        { name: 'state', type: 'varchar', length: '12' },
        { name: 'created_at', type: 'bigint' },
      ],
    })
    await runner.createTable(table, true)
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.dropTable('rocketmq_transaction', true)
  }
}
