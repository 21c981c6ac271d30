#!/usr/bin/env bash
# Builds the image: docker/build.sh [TAG]. NODE_IMAGE chooses the base (default node:24-slim).
set -euo pipefail
cd "$(dirname "$0")/.."
tag=${1:-rockhopper:dev}
npm run build --silent
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
node_modules/.bin/pnpm --filter @rockhopper/cli deploy --prod --legacy "$context/app"
docker build --build-arg "NODE_IMAGE=${NODE_IMAGE:-node:24-slim}" -f docker/Dockerfile -t "$tag" "$context"
echo "built $tag; try: docker run --rm -p 9876:9876 -p 10911:10911 -v rockhopper-store:/store $tag"
