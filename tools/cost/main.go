// Command opa-cost counts what a decision of OPA takes: allocations, bytes and stack.
//
// It uses OPA as a library and evaluates as OPA's server does: a prepared query, strict errors of
// built-ins, a goroutine of its own for each question. Only the evaluation is counted, not HTTP.
//
//	opa-cost [-n 20] BUNDLE_FOLDER QUERY <QUESTIONS
//
// QUESTIONS are JSON, one a line: {"name", "now", "input", "data"}. `now` is Unix seconds, `data`
// the base documents of this question. A line of JSON is printed for each:
// {"name", "allocations", "bytes", "stack", "result"}.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/topdown/cache"
)

const longest = 1 << 28 // bytes of one question with its data

// caching is what the configuration that is shipped says of it: what is kept between questions.
const caching = `{"inter_query_builtin_value_cache": {"named": {"io_jwt": {"max_num_entries": 1024}}}}`

type question struct {
	Name  string         `json:"name"`
	Now   int64          `json:"now"`
	Input any            `json:"input"`
	Data  map[string]any `json:"data"`
}

type cost struct {
	Name        string `json:"name"`
	Allocations uint64 `json:"allocations"`
	Bytes       uint64 `json:"bytes"`
	Stack       uint64 `json:"stack"`
	Result      any    `json:"result"`
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func decode(text []byte, into any) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	check(decoder.Decode(into))
}

func main() {
	runs := flag.Int("n", 20, "evaluations of each question")
	flag.Parse()
	ctx := context.Background()
	// The collector would take what pools hold in the midst of a count, and one processor is
	// enough for one evaluation at a time.
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)

	loaded, err := bundle.NewCustomReader(bundle.NewDirectoryLoader(flag.Arg(0))).
		WithSkipBundleVerification(true).Read()
	check(err)
	modules := map[string]*ast.Module{}
	for _, module := range loaded.Modules {
		modules[module.Path] = module.Parsed
	}
	compiler := ast.NewCompiler()
	compiler.Compile(modules)
	if compiler.Failed() {
		check(compiler.Errors)
	}

	config, err := cache.ParseCachingConfig([]byte(caching))
	check(err)
	values := cache.NewInterQueryValueCache(ctx, config)

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(make([]byte, 1<<20), longest)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		decode(lines.Bytes(), &asked)
		store := inmem.NewFromObjectWithOpts(map[string]any{}, inmem.OptRoundTripOnWrite(false))
		check(storage.Txn(ctx, store, storage.WriteParams, func(txn storage.Transaction) error {
			for _, documents := range []map[string]any{loaded.Data, asked.Data} {
				for root, value := range documents {
					if err := store.Write(ctx, txn, storage.AddOp, storage.Path{root}, value); err != nil {
						return err
					}
				}
			}
			return nil
		}))
		prepared, err := rego.New(rego.Query(flag.Arg(1)), rego.Compiler(compiler), rego.Store(store),
			rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
		check(err)
		input, err := ast.InterfaceToValue(asked.Input)
		check(err)
		evaluate := func() any {
			found, err := prepared.Eval(ctx, rego.EvalParsedInput(input),
				rego.EvalTime(time.Unix(asked.Now, 0)), rego.EvalInterQueryBuiltinValueCache(values))
			check(err)
			if len(found) == 0 {
				return nil
			}
			return found[0].Expressions[0].Value
		}
		check(out.Encode(count(asked.Name, *runs, evaluate)))
		runtime.GC()
	}
	check(lines.Err())
}

// count evaluates in goroutines of their own and returns the median of each count.
func count(name string, runs int, evaluate func() any) cost {
	done := make(chan struct{})
	within := func(run func()) {
		go func() { run(); done <- struct{}{} }()
		<-done
	}
	found := cost{Name: name}
	for range 3 { // what is cached or pooled at first use is not of every decision
		within(func() { found.Result = evaluate() })
	}
	var allocations, sizes, stacks []uint64
	for range runs {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		within(func() { evaluate() })
		runtime.ReadMemStats(&after)
		allocations = append(allocations, after.Mallocs-before.Mallocs)
		sizes = append(sizes, after.TotalAlloc-before.TotalAlloc)
	}
	for range 5 {
		// Free stacks are given back, so that what is in use afterwards is this one's.
		runtime.GC()
		runtime.GC()
		within(func() {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			evaluate()
			runtime.ReadMemStats(&after)
			stacks = append(stacks, after.StackInuse-before.StackInuse)
		})
	}
	found.Allocations, found.Bytes, found.Stack = median(allocations), median(sizes), median(stacks)
	return found
}

func median(counts []uint64) uint64 {
	slices.Sort(counts)
	return counts[len(counts)/2]
}
