declare module 'snappyjs' {
  const snappyjs: { compress(bytes: Buffer): Buffer<ArrayBuffer> };
  export default snappyjs;
}
