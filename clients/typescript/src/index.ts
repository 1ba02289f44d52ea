/** Souk's contract in TypeScript. Messages and services are generated: `@souk/client/gen/souk/orders/v1/order_pb.js`. */
export {};
