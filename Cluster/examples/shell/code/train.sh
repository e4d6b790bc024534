#!/bin/sh
# Fits y = a x + b to a line by gradient descent, with awk in the place of a program that trains.
set -eu

while [ $# -gt 1 ]; do
  case $1 in
    --lr) lr=$2 ;;
    --momentum) momentum=$2 ;;
    --epochs) epochs=$2 ;;
  esac
  shift 2
done

state=$PASHA_CHECKPOINT_DIR/state
epoch=0 weights="0 0 0 0"
[ ! -e "$state" ] || read -r epoch weights <"$state"

while [ "$epoch" -lt "$epochs" ]; do
  epoch=$((epoch + 1))
  weights=$(echo "$weights" | awk -v lr="$lr" -v momentum="$momentum" '{
    a = $1; b = $2; va = $3; vb = $4
    for (x = 0; x <= 1; x += 0.1) {
      error = a * x + b - (3 * x - 1)
      va = momentum * va - lr * error * x
      vb = momentum * vb - lr * error
      a += va; b += vb
    }
    printf "%.9g %.9g %.9g %.9g", a, b, va, vb
  }')
  # One rename: never half a checkpoint. Then the report, by printf, which does not hold it back.
  echo "$epoch $weights" >"$state.new"
  mv "$state.new" "$state"
  loss=$(echo "$weights" | awk '{ print ($1 - 3)^2 + ($2 + 1)^2 }')
  printf '[tune-metric]: {"epoch": %d, "loss": %s}\n' "$epoch" "$loss"
done
