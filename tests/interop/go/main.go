// Command interop runs Apache's Go client v2 against a name server and reports as JSON lines on standard
// output.
//
//	interop produce --nameserver H:P --group G --plan FILE [--mode sync|async|oneway|batch|transaction] [--hold]
//	interop consume --nameserver H:P --group G --topic T [--expression E] [--count N] ...
//	interop seed000 --nameserver H:P     what the programs of seed 000 section 4 do
//	interop seed001 --nameserver H:P     what the program of seed 001 section 5.3 does
package main

import (
	"fmt"
	"os"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

func main() {
	rlog.SetLogLevel("warn")
	commands := map[string]func(options) error{
		"produce": produce,
		"consume": consume,
		"seed000": seed000,
		"seed001": seed001,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: interop produce|consume|seed000|seed001 --name value ...")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](parseOptions(os.Args[2:])); err != nil {
		emit(line{"event": "error", "message": err.Error()})
		os.Exit(1)
	}
}
