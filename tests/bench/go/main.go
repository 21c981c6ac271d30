// Command load is Apache's Go client as a generator of load:
//
//	load --mode send --nameserver H:P --topic T --in-flight N --body-size B --warm-up-ms M --measure-ms M
//	load --mode drain --nameserver H:P --topic T --group G --warm-up N --count N
//
// It prints "measuring" when it begins to measure, and one line of JSON in the end.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

var (
	mode       = flag.String("mode", "", "send or drain")
	nameserver = flag.String("nameserver", "", "host:port")
	topic      = flag.String("topic", "", "")
	group      = flag.String("group", "", "of the consumer; new")
	inFlight   = flag.Int("in-flight", 64, "goroutines that each wait for their answer")
	bodySize   = flag.Int("body-size", 1024, "bytes")
	warmUpMs   = flag.Int("warm-up-ms", 0, "")
	measureMs  = flag.Int("measure-ms", 0, "")
	warmUp     = flag.Int64("warm-up", 0, "messages before the measured part")
	count      = flag.Int64("count", 0, "messages in all")
)

type result struct {
	Requests int64   `json:"requests"`
	Messages int64   `json:"messages"`
	Errors   int64   `json:"errors"`
	Problem  string  `json:"problem"`
	Seconds  float64 `json:"seconds"`
	CPUUs    int64   `json:"cpuUs"`
	P50Us    int64   `json:"p50Us"`
	P99Us    int64   `json:"p99Us"`
	P999Us   int64   `json:"p999Us"`
}

func main() {
	flag.Parse()
	rlog.SetLogLevel("error")
	run := map[string]func() (result, error){"send": send, "drain": drain}[*mode]
	if run == nil {
		flag.Usage()
		os.Exit(2)
	}
	measured, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	text, _ := json.Marshal(measured)
	fmt.Println(string(text))
}

func cpuUs() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano()/1000 + usage.Stime.Nano()/1000
}

// begin says that it begins to be measured; the function it returns ends that.
func begin() func(messages int64) result {
	used, began := cpuUs(), time.Now()
	fmt.Println("measuring")
	return func(messages int64) result {
		return result{
			Requests: messages,
			Messages: messages,
			Seconds:  time.Since(began).Seconds(),
			CPUUs:    cpuUs() - used,
		}
	}
}

func send() (result, error) {
	p, err := rocketmq.NewProducer(
		producer.WithNameServer([]string{*nameserver}),
		producer.WithGroupName("bench-producer"),
		producer.WithCompressMsgBodyOverHowmuch(1<<30),
	)
	if err != nil {
		return result{}, err
	}
	if err := p.Start(); err != nil {
		return result{}, err
	}
	body := bytes.Repeat([]byte("r"), *bodySize)
	var measuring atomic.Bool
	var lock sync.Mutex
	var latencies []int64
	var failed result
	for range *inFlight {
		go func() {
			for {
				began := time.Now()
				_, err := p.SendSync(context.Background(), primitive.NewMessage(*topic, body))
				took := time.Since(began).Microseconds()
				if !measuring.Load() {
					continue
				}
				lock.Lock()
				if err == nil {
					latencies = append(latencies, took)
				} else {
					failed.Errors++
					failed.Problem = err.Error()
				}
				lock.Unlock()
			}
		}()
	}
	time.Sleep(time.Duration(*warmUpMs) * time.Millisecond)
	end := begin()
	measuring.Store(true)
	time.Sleep(time.Duration(*measureMs) * time.Millisecond)
	measuring.Store(false)
	lock.Lock()
	defer lock.Unlock()
	measured := end(int64(len(latencies)))
	measured.Errors, measured.Problem = failed.Errors, failed.Problem
	slices.Sort(latencies)
	share := func(part float64) int64 {
		if len(latencies) == 0 {
			return 0
		}
		return latencies[int(part*float64(len(latencies)-1))]
	}
	measured.P50Us, measured.P99Us, measured.P999Us = share(0.5), share(0.99), share(0.999)
	return measured, nil
}

func drain() (result, error) {
	c, err := rocketmq.NewPushConsumer(
		consumer.WithNameServer([]string{*nameserver}),
		consumer.WithGroupName(*group),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	)
	if err != nil {
		return result{}, err
	}
	var received atomic.Int64
	var end func(int64) result
	done := make(chan result, 1)
	listen := func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		for range messages {
			switch received.Add(1) {
			case *warmUp:
				end = begin()
			case *count:
				done <- end(*count - *warmUp)
			}
		}
		return consumer.ConsumeSuccess, nil
	}
	if err := c.Subscribe(*topic, consumer.MessageSelector{}, listen); err != nil {
		return result{}, err
	}
	if err := c.Start(); err != nil {
		return result{}, err
	}
	return <-done, nil
}
