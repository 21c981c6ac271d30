package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

const batchSize = 32

func produce(o options) error {
	messages, err := readPlan(o.text("plan", ""))
	if err != nil {
		return err
	}
	settings := []producer.Option{
		producer.WithGroupName(o.text("group", "go-producer")),
		producer.WithNameServer(o.nameServers()),
		producer.WithInstanceName(o.text("instance", "DEFAULT")),
		producer.WithSendMsgTimeout(10 * time.Second),
		producer.WithRetry(2),
	}
	if messages[0].GetShardingKey() != "" {
		settings = append(settings, producer.WithQueueSelector(producer.NewHashQueueSelector()))
	}
	if o.text("mode", "sync") == "transaction" {
		return produceInTransactions(messages, settings, o.text("hold", "") != "")
	}
	p, err := rocketmq.NewProducer(settings...)
	if err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	if err := send(p, messages, o.text("mode", "sync")); err != nil {
		return err
	}
	if err := p.Shutdown(); err != nil {
		return err
	}
	emit(line{"event": "done", "count": len(messages)})
	return nil
}

func send(p rocketmq.Producer, messages []*primitive.Message, mode string) error {
	switch mode {
	case "sync":
		return sendEach(p, messages)
	case "async":
		return sendAsync(p, messages)
	case "oneway":
		for i, message := range messages {
			if err := p.SendOneWay(context.Background(), message); err != nil {
				return err
			}
			emit(line{"event": "sent", "index": i, "status": "ONEWAY"})
		}
		return nil
	case "batch":
		for from := 0; from < len(messages); from += batchSize {
			if err := sendBatch(p, from, messages[from:min(len(messages), from+batchSize)]); err != nil {
				return err
			}
		}
		return nil
	default:
		return fmt.Errorf("unknown --mode %s", mode)
	}
}

func sendEach(p rocketmq.Producer, messages []*primitive.Message) error {
	for i, message := range messages {
		result, err := p.SendSync(context.Background(), message)
		if err != nil {
			return err
		}
		emitSent(i, result)
	}
	return nil
}

func sendAsync(p rocketmq.Producer, messages []*primitive.Message) error {
	var pending sync.WaitGroup
	pending.Add(len(messages))
	for i, message := range messages {
		err := p.SendAsync(context.Background(), func(_ context.Context, result *primitive.SendResult, err error) {
			defer pending.Done()
			if err != nil {
				emit(line{"event": "refused", "index": i, "message": err.Error()})
				return
			}
			emitSent(i, result)
		}, message)
		if err != nil {
			return err
		}
	}
	pending.Wait()
	return nil
}

// sendBatch takes the comma-separated ids of the reply apart; its queue offset is that of the first message.
func sendBatch(p rocketmq.Producer, from int, messages []*primitive.Message) error {
	result, err := p.SendSync(context.Background(), messages...)
	if err != nil {
		return err
	}
	ids, offsetIds := strings.Split(result.MsgID, ","), strings.Split(result.OffsetMsgID, ",")
	for i := range messages {
		one := *result
		one.MsgID, one.OffsetMsgID = at(ids, i), at(offsetIds, i)
		one.QueueOffset = result.QueueOffset + int64(i)
		emitSent(from+i, &one)
	}
	return nil
}

func at(values []string, i int) string {
	if i < len(values) {
		return values[i]
	}
	return ""
}

// emitSent prints a result. This client calls an async sender back with an empty result and no error when the
// broker refused, so the queue tells the two apart.
func emitSent(index int, result *primitive.SendResult) {
	if result.MessageQueue == nil {
		emit(line{"event": "refused", "index": index, "message": fmt.Sprint("status ", result.Status)})
		return
	}
	status := "SEND_OK"
	if result.Status != primitive.SendOK {
		status = fmt.Sprint(result.Status)
	}
	emit(line{
		"event":       "sent",
		"index":       index,
		"status":      status,
		"msgId":       result.MsgID,
		"offsetMsgId": result.OffsetMsgID,
		"brokerName":  result.MessageQueue.BrokerName,
		"queueId":     result.MessageQueue.QueueId,
		"queueOffset": result.QueueOffset,
	})
}
