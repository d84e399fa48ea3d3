# syntax=docker/dockerfile:1

FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Not `npm ci`: it refuses to work where a registry lacks optional packages of other platforms. The lock file is obeyed.
RUN npm install --no-save --omit=dev

FROM dependencies AS build
RUN npm install --no-save --include=dev
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npm run build

FROM node:24-slim
ENV NODE_ENV=production
# package.json says which version it is, and that the program is made of modules.
COPY package.json LICENSE /app/
COPY --from=dependencies /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
RUN mkdir /data && chown node:node /data
USER node
# The default of --storage.path is ./data: from here that is the volume, and the flag can still be given.
WORKDIR /
VOLUME /data
EXPOSE 9797
# The slim image has no curl.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:9797/-/healthy').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
