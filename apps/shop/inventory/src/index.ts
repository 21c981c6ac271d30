export { ReservationRow } from './reservation-row.js'
export { Stock } from './stock.js'
export { StockHandlers } from './stock-handlers.js'
export { StockRow } from './stock-row.js'
