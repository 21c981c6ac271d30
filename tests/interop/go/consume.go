package main

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// intake counts distinct messages and fails the first attempts of those it is told to.
type intake struct {
	mutex        sync.Mutex
	failAttempts int
	failTag      string
	count        int
	failures     map[string]int
	distinct     map[string]bool
	complete     chan struct{}
	once         sync.Once
}

func newIntake(o options) *intake {
	return &intake{
		failAttempts: o.number("fail-attempts", 0),
		failTag:      o.text("fail-tag", ""),
		count:        o.number("count", 0),
		failures:     map[string]int{},
		distinct:     map[string]bool{},
		complete:     make(chan struct{}),
	}
}

func (t *intake) accept(messages []*primitive.MessageExt) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	accepted := true
	for _, message := range messages {
		emitReceived(message)
		identity := message.GetProperty(primitive.PropertyUniqueClientMessageIdKeyIndex)
		if identity == "" {
			identity = message.MsgId
		}
		chosen := t.failTag == "" || t.failTag == message.GetTags()
		if chosen && t.failures[identity] < t.failAttempts {
			t.failures[identity]++
			accepted = false
		} else {
			t.distinct[identity] = true
		}
	}
	if t.count > 0 && len(t.distinct) >= t.count {
		t.end()
	}
	return accepted
}

func (t *intake) end() {
	t.once.Do(func() { close(t.complete) })
}

func consume(o options) error {
	in := newIntake(o)
	orderly := o["orderly"] == "true"
	settings := []consumer.Option{
		consumer.WithGroupName(o.text("group", "go-consumer")),
		consumer.WithNameServer(o.nameServers()),
		consumer.WithInstance(o.text("instance", "DEFAULT")),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
		consumer.WithConsumerOrder(orderly),
		consumer.WithMaxReconsumeTimes(int32(o.number("max-reconsume", -1))),
	}
	if o["broadcast"] == "true" {
		settings = append(settings, consumer.WithConsumerModel(consumer.BroadCasting))
	}
	c, err := rocketmq.NewPushConsumer(settings...)
	if err != nil {
		return err
	}
	listen := func(ctx context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		if retry, found := primitive.GetConcurrentlyCtx(ctx); found {
			retry.DelayLevelWhenNextConsume = 1
		}
		if in.accept(messages) {
			return consumer.ConsumeSuccess, nil
		}
		if orderly {
			return consumer.SuspendCurrentQueueAMoment, nil
		}
		return consumer.ConsumeRetryLater, nil
	}
	if err := c.Subscribe(o.text("topic", ""), selector(o), listen); err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	emit(line{"event": "started"})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		in.end()
	}()
	return untilComplete(c, in, o)
}

func selector(o options) consumer.MessageSelector {
	if sql := o.text("sql", ""); sql != "" {
		return consumer.MessageSelector{Type: consumer.SQL92, Expression: sql}
	}
	return consumer.MessageSelector{Type: consumer.TAG, Expression: o.text("expression", "*")}
}

// untilComplete lingers before it ends: the listener call that brought the last message must return
// first, or its offset is not committed.
func untilComplete(c rocketmq.PushConsumer, in *intake, o options) error {
	event, code := "done", 0
	select {
	case <-in.complete:
		time.Sleep(time.Duration(o.number("linger-ms", 0)) * time.Millisecond)
	case <-time.After(o.deadline()):
		event, code = "deadline", 3
	}
	if err := c.Shutdown(); err != nil {
		return err
	}
	emit(line{"event": event, "distinct": len(in.distinct)})
	os.Exit(code)
	return nil
}
